"""Ownhand: drafts in the writer's own voice, from the writer's own past writing, and shows why."""
