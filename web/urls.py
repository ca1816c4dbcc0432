from django.urls import include, path

app_name = "web"

urlpatterns = [
    path("", include("web.accounts_urls")),
]
