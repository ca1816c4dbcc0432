from django.db import models


@models.BigAutoField.register_lookup
class Among(models.Lookup):
    """pk__among=ids finds what pk__in finds. The ids are one value of the statement, so that very many cost little."""

    lookup_name = "among"
    prepare_rhs = False

    def as_sql(self, compiler, connection):
        column, params = self.process_lhs(compiler, connection)
        return f"{column} = ANY(%s::bigint[])", [*params, f"{{{','.join(map(str, self.rhs))}}}"]
