"""Rows in, tables out; knows no model."""
