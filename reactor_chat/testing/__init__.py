"""A world that fits in a test: servers, clients, network, disk and clock from one seed.  Nothing else imports it."""
