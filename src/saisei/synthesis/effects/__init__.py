"""From what a paper prints to an effect with its variance."""
