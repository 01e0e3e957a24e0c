"""Azure Communication Services: the executors of actions, in a file for each capability; answering; callbacks.

A new executor is a function in the file of its capability and an entry of that file's ``EXECUTORS``.
"""
