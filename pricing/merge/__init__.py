"""The set-based merge of prices: staged by COPY, judged as a set, merged as versions."""
