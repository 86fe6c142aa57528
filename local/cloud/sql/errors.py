"""What a query may raise."""


class QueryError(ValueError):
    """The query fails; the message is one line."""


class QueryRefused(QueryError):
    """The statement does more than read catalogue tables."""
