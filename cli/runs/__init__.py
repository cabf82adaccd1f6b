"""Runs of the workflows: started, followed, told of."""
