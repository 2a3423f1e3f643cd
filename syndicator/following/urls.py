from django.urls import path

from syndicator.following import pages

app_name = "following"

urlpatterns = [path("<slug:token>/", pages.hub_calls_us, name="hub_calls")]
