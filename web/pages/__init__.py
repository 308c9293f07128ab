"""The pages, a file for each cluster: a GET asks queries, a POST calls one command and sends the browser on."""
