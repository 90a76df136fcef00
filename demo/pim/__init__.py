"""The demo company's PIM: delivers names, texts, taxonomy, attributes, pictures and relations as a file drop."""
