"""The WhatsApp Business Platform on localhost."""
