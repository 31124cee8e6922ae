// Playback: one version at a time. Without this script all of them are listed.
(() => {
  const region = document.getElementById("playback");
  const versions = region ? [...region.querySelectorAll(".version")] : [];
  if (versions.length === 0) return;
  const [first, back, on, last] = region.querySelectorAll(".controls button");
  const slider = region.querySelector(".controls input");
  const says = region.querySelector(".says");
  let now = 0;
  const show = (to) => {
    now = Math.max(0, Math.min(versions.length - 1, to));
    versions.forEach((version, index) => {
      version.hidden = index !== now;
      version.open = index === now;
    });
    slider.value = String(now);
    says.textContent = `${now + 1} of ${versions.length}: ${versions[now].dataset.says}`;
    back.disabled = first.disabled = now === 0;
    on.disabled = last.disabled = now === versions.length - 1;
  };
  first.addEventListener("click", () => show(0));
  back.addEventListener("click", () => show(now - 1));
  on.addEventListener("click", () => show(now + 1));
  last.addEventListener("click", () => show(versions.length - 1));
  slider.addEventListener("input", () => show(Number(slider.value)));
  region.addEventListener("keydown", (event) => {
    const steps = { ArrowLeft: now - 1, ArrowRight: now + 1, Home: 0, End: versions.length - 1 };
    if (!(event.key in steps) || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    show(steps[event.key]);
  });
  region.querySelector(".controls").hidden = false;
  show(versions.length - 1);
  let closed = [];
  addEventListener("beforeprint", () => {
    closed = [...document.querySelectorAll("details:not([open]):not(.version)")];
    closed.forEach((details) => { details.open = true; });
  });
  addEventListener("afterprint", () => closed.forEach((details) => { details.open = false; }));
})();
