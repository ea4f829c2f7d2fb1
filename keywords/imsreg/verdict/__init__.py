"""Requirement catalogue, checks, profile (ICS), verdicts and their journal."""
