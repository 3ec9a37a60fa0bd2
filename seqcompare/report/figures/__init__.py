"""Figures: functions of tidy frames that take axes and return them."""
