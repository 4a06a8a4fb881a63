"""What the house does when something breaks: real processes, a real PostgreSQL, real servers on loopback (``make faults``).

Each case breaks one thing while incidents are paged and ends with an account: whom the facts in the database say
should have been paged, against what a mail server of ours really got.
"""
