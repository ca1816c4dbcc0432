from django.urls import path, register_converter

from capture import views


class ChangeConverter:
    regex = "pause|resume|cancel|undo"

    def to_python(self, value):
        return value

    def to_url(self, value):
        return value


register_converter(ChangeConverter, "import_change")

app_name = "capture"
urlpatterns = [
    path("", views.import_list, name="import-list"),
    path("new/", views.import_new, name="import-new"),
    path("<int:pk>/", views.import_detail, name="import-detail"),
    path("<int:pk>/map/", views.import_map, name="import-map"),
    path("<int:pk>/start/", views.import_start, name="import-start"),
    path("<int:pk>/discard/", views.import_discard, name="import-discard"),
    path("<int:pk>/problems.csv", views.import_errors, name="import-errors"),
    path("<int:pk>/<import_change:change>/", views.import_change, name="import-change"),
]
