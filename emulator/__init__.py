"""The platform on one machine: Azure Communication Services, Event Grid and a Functions host.

A development tool. It is never deployed and imports nothing of the application it serves: all it knows of
an application comes over HTTP and from a configuration file.
"""
