"""The whole application on one machine: the embedded AWS, its Cognito front, deployment and demonstration."""
