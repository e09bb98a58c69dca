"""MLflow as a view of the result files; the files are the truth.

Every module of this package that needs MLflow imports it inside a function: the import alone
costs two seconds, and a job that does not log should not pay them.
"""

import os

# MLflow reads these when it is imported, and nothing here imports it before this line ran.
os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
# Its own limits let a server that is down hold a job up for minutes.
os.environ.setdefault("MLFLOW_HTTP_REQUEST_TIMEOUT", "10")
os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "1")
