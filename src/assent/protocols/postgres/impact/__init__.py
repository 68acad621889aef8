"""What a statement would do: asked of the planner before it runs, read and put in order."""
