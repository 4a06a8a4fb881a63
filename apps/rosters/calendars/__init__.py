"""Calendars in the iCalendar format (RFC 5545): ours as others read them, and those of others as turns."""
