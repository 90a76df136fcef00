"""Registers every admin class; the project's app config imports it when the apps are ready."""
