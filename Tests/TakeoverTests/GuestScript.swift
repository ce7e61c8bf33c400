/// Pieces of Python that several tests' guests are made of.
enum GuestScript {
    /// `tell(name, body)` does something, and says that it is done, or what the system said.
    static let tell = """
        def tell(name, body):
            try:
                body()
                print(name, "done", flush=True)
            except OSError as error:
                print(name, error.strerror, flush=True)
        """
}
