"""What happens when somebody signs in to a pool that is being filled."""
