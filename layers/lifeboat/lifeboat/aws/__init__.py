"""Adapters to the AWS services around the pool and the table: SQS, S3, SNS, Step Functions."""
