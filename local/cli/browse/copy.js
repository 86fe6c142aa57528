// Copies the code beside a button. Without this script the code can still be selected.
for (const button of document.querySelectorAll("button.copy")) {
  const label = button.firstChild;
  button.hidden = false;
  button.addEventListener("click", async () => {
    const code = button.parentElement.querySelector("code");
    try {
      await navigator.clipboard.writeText(code.textContent);
      label.textContent = "Copied";
    } catch {
      getSelection().selectAllChildren(code);
      label.textContent = "Selected";
    }
    setTimeout(() => { label.textContent = "Copy"; }, 2000);
  });
}
