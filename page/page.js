// The page lies in a folder with the name of its version; its service lies beside that folder.
const version = location.pathname.split("/").at(-2);
const address = new URL("../xfs4iot/v1.0/Spooler?page=" + version, location);
address.protocol = location.protocol === "https:" ? "wss:" : "ws:";
const state = document.getElementById("state");
const socket = new WebSocket(address);

socket.addEventListener("open", () => {
  socket.send(JSON.stringify({ header: { name: "Common.Status", type: "command", requestId: 1 }, payload: {} }));
});
socket.addEventListener("message", (event) => {
  const { header, payload } = JSON.parse(event.data);
  if (header.type === "completion") state.textContent = "Connected: " + payload.terminals.join(", ");
});
socket.addEventListener("close", (event) => {
  state.textContent = "Not connected: " + (event.reason || event.code);
});
