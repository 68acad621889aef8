"""What a PostgreSQL statement touches, read from the server's own grammar, without IO."""

from assent.protocols.postgres.statements.classify import Classifier
from assent.protocols.postgres.statements.shape import shape_of
from assent.protocols.postgres.statements.verbs import RESOURCES, VERBS

__all__ = ["RESOURCES", "VERBS", "Classifier", "shape_of"]
