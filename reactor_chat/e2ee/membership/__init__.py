"""Who may be in an encrypted conversation: the policy for changes, the owner's list, whose keys are taken."""
