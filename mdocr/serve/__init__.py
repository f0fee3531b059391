"""Documents and words read for other programs, over HTTP or as tools, in worker processes.

options   what is accepted, and how much of it
fields    the fields of requests
uploads   files of clients, in a folder of our own
gate      what every request passes first: address, token, room, size
app       routes
jobs      documents that are read while nobody waits; job_routes: how they are asked for
answers   documents as answers
service   uploads → documents and words
desk      requests → workers, a page of each in turn
pace      when there will be room for another request
reader    what a worker does
errors    errors as answers
metrics   figures for Prometheus
server    listens, and ends in good order
tools     the same for clients of the Model Context Protocol, which name files of this machine
"""
