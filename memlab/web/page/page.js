window.addEventListener("load", () => document.querySelector(".xterm-helper-textarea").focus());
document.getElementById("again").addEventListener("click", () => window.location.reload());
