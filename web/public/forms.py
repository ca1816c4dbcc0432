from django import forms
from django.contrib.auth import authenticate
from django.contrib.auth.forms import AuthenticationForm, PasswordChangeForm, SetPasswordForm

LONGEST_PASSWORD = 1000


class SignInForm(AuthenticationForm):
    """E-mail and password. One message for every way in which they can be wrong."""

    username = forms.EmailField(
        label="E-mail",
        widget=forms.EmailInput(attrs={"autocomplete": "username", "autofocus": True, "class": "form-control"}),
    )
    password = forms.CharField(
        label="Password",
        strip=False,
        max_length=LONGEST_PASSWORD,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password", "class": "form-control"}),
    )
    next = forms.CharField(required=False, widget=forms.HiddenInput)

    error_messages = {
        "invalid_login": "That e-mail and password do not go together. Check both and try again.",
        "inactive": "That e-mail and password do not go together. Check both and try again.",
    }


class ResetRequestForm(forms.Form):
    email = forms.EmailField(
        label="E-mail",
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "username", "autofocus": True, "class": "form-control"}),
    )


class NewPasswordForm(SetPasswordForm):
    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        style_passwords(self)


class ChangePasswordForm(PasswordChangeForm):
    """Guesses at the old password count as tries to sign in, so that a borrowed session is no way round the limit."""

    def __init__(self, request, *args, **kwargs):
        self.request = request
        super().__init__(request.user, *args, **kwargs)
        style_passwords(self)

    def clean_old_password(self):
        password = self.cleaned_data["old_password"]
        if authenticate(self.request, username=self.user.email, password=password) != self.user:
            raise forms.ValidationError("That is not your present password.", code="password_incorrect")
        return password


def style_passwords(form):
    labels = {"old_password": "Present password", "new_password1": "New password", "new_password2": "Once more"}
    for name, field in form.fields.items():
        field.label = labels[name]
        field.max_length = LONGEST_PASSWORD
        field.widget.attrs |= {"class": "form-control", "maxlength": LONGEST_PASSWORD}
    form.fields["new_password1"].help_text = "At least 12 characters. A few words in a row make a good one."
    form.fields["new_password2"].help_text = ""
