"""What a writer wrote, token by token, at the model's hand: keys, search, how much to lean on them, the mixture."""
