"""Azure Communication Services: an executor for each action, a file for each capability, and callbacks.

A new executor is a function in the file of its capability and an entry of that file's ``EXECUTORS``.
"""
