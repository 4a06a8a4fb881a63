"""``make run``: the embedded servers, the processes of the house, and how they start and stop together."""
