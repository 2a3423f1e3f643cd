from django.urls import path

from syndicator.returns import pages

app_name = "returns"

urlpatterns = [path("<int:destination_id>/events/", pages.event, name="event")]
