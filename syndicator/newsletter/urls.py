from django.urls import path

from syndicator.newsletter import pages

app_name = "newsletter"

urlpatterns = [path("unsubscribe/<str:token>/", pages.unsubscribe, name="unsubscribe")]
