// Demo only: a click on one of the listed people fills the sign-in form.
document.addEventListener("click", (event) => {
  const person = event.target.closest("[data-sign-in]");
  const form = document.querySelector("form[data-sign-in-form]");
  if (!person || !form) return;
  form.elements.login.value = person.dataset.email;
  form.elements.password.value = person.dataset.password;
  form.querySelector("[type=submit]").focus();
});
