import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

export default defineConfig({
  plugins: [react()],
  build: {
    outDir: "dist",
    sourcemap: true,
    manifest: true, // by which a test measures the first view
    target: "es2022",
    rolldownOptions: { input: ["index.html", "signin.html"] },
  },
  server: { host: "localhost", port: 4280, strictPort: true },
});
