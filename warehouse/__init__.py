"""The way in and out of the warehouse: reads a shop's files, publishes the marts."""
