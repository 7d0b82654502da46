"""Groups of agents and how they coordinate."""
