"""From a notebook to pages: run, export, batch, index.

Importing these modules is light; papermill and nbconvert are loaded when a report is made.
"""
