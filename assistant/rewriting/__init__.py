"""Another wording for what is already written: in the writer's voice, shorter, longer, plainer."""
