"""subprocess, os.fork, multiprocessing and asyncio's subprocesses."""
import asyncio
import multiprocessing
import os
import signal
import subprocess
import sys
import threading


def square(number):
    return number * number


def worker(queue, event):
    event.wait(60)
    queue.put("from a process")


async def asynchronous():
    process = await asyncio.create_subprocess_exec("tr", "a-z", "A-Z", stdin=-1, stdout=-1)
    print("asyncio", await process.communicate(b"text"), process.returncode)
    processes = [await asyncio.create_subprocess_exec("sh", "-c", f"exit {n}") for n in range(8)]
    print("asyncio statuses", [await process.wait() for process in processes])


def main():
    print("run", subprocess.run(["sort", "-r"], input=b"a\nb\n", capture_output=True, check=True).stdout)
    print("shell", subprocess.call("exit 5", shell=True), os.system("exit 6") >> 8)
    for program in ("/nonexistent", "/etc/passwd"):
        try:
            subprocess.run([program], check=False)
        except OSError as error:
            print(type(error).__name__)
    with subprocess.Popen(["sleep", "100"]) as sleeping:
        try:
            sleeping.wait(0.05)
        except subprocess.TimeoutExpired:
            sleeping.kill()
        print("killed", sleeping.wait())
    with subprocess.Popen(["cat"], stdin=-1, stdout=-1, start_new_session=True, close_fds=True) as cat:
        print("pipe", cat.communicate(b"x" * 300000)[0] == b"x" * 300000)
    threads = [threading.Thread(target=lambda: subprocess.run(["true"], check=True)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for method in ("fork", "spawn"):
        context = multiprocessing.get_context(method)
        with context.Pool(3) as pool:
            print(method, pool.map(square, range(10)))
        queue, event = context.SimpleQueue(), context.Event()
        process = context.Process(target=worker, args=(queue, event))
        process.start()
        event.set()
        print(method, queue.get(), process.join(), process.exitcode)
    asyncio.run(asynchronous())
    signal.signal(signal.SIGCHLD, lambda *_: None)
    pid = os.fork()
    if pid == 0:
        program = f"import os; os._exit(os.getppid() != {os.getppid()})"
        os.execvp(sys.executable, [sys.executable, "-c", program])
    print("executed", os.waitpid(pid, 0) == (pid, 0))


if __name__ == "__main__":
    main()
