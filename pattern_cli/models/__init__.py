"""Peewee models of every table of the runtime's schema."""
