"""The parts of the procedures document, each with how it is read from the database and how it is written there."""
