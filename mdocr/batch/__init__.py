"""The run over many documents: what ``mdocr parse`` and ``mdocr read`` do, without their display.

inputs         which files are read
remote         documents at addresses, found and fetched
page_model     the model, loaded when the first page needs it
destination    where documents go, and in which formats
run            the loop over all documents
results        the files of one document
resume         pages known from earlier runs
selection      which of the documents one run reads
claims         several runs share a folder
manifest       a line for each document of a folder
workers        processes that may hang, crash and swell
cluster        the same on the machines of a Ray cluster
tally          what became of the inputs, and the error that the program ends with

Knows nothing of arguments, bars and exit codes.
"""
