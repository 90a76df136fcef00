"""The demo distributor Nordwind Verbindungstechnik GmbH: its customers, terms and price lists, as data."""
