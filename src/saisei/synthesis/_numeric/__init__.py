"""What every part of the room stands on: checked arrays, roots, special functions, results."""
