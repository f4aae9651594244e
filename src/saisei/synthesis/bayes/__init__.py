"""Exact Bayes: everything is normal given tau, and tau is integrated."""
