"""How gunicorn serves the pages; it finds this file by itself when it is started in this folder."""

worker_class = "leadfunnel.web_worker.PatientWorker"
# A thread is taken by a request that is there as a whole, and by a large file on its way in or out.
threads = 16
worker_connections = 500
keepalive = 20
control_socket_disable = True
