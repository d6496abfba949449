// The search of the manual runs in a worker, which browsers refuse to a page that is read from a disk. There a hidden
// frame of the page does what the worker would do, so that the search works without a server and without a network.
if (location.protocol === "file:") {
  window.Worker = class extends EventTarget {
    constructor(address) {
      super()
      this.frame = document.createElement("iframe")
      this.frame.hidden = true
      this.ready = new Promise((resolve, reject) => {
        this.frame.addEventListener("load", () => this.begin(address).then(resolve, reject), { once: true })
      })
      document.body.append(this.frame)
    }

    async begin(address) {
      const inside = this.frame.contentWindow
      inside.postMessage = (data) => this.dispatchEvent(new MessageEvent("message", { data }))
      inside.importScripts = async (...addresses) => {
        for (const each of addresses) await this.read(each)
      }
      await this.read(address)
    }

    read(address) {
      return new Promise((resolve, reject) => {
        const script = this.frame.contentDocument.createElement("script")
        script.src = new URL(address, location.href).href
        script.onload = resolve
        script.onerror = () => reject(new Error(`${script.src} cannot be read`))
        this.frame.contentDocument.head.append(script)
      })
    }

    async postMessage(data) {
      await this.ready
      const inside = this.frame.contentWindow
      inside.dispatchEvent(new inside.MessageEvent("message", { data }))
    }

    terminate() {
      this.frame.remove()
    }
  }
}
