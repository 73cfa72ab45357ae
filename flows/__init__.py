"""Wires pipeline and stores: settings, the stage graph, job bodies, runners, command line."""
